document.body.textContent = "Undertow";
