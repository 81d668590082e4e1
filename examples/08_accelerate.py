"""Record a training with Accelerate: the loop is yours, and `run.watch` takes what `prepare` returns."""

import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import undertow as ut

torch.manual_seed(0)
x = torch.randn(2048, 8)
data = DataLoader(TensorDataset(x, torch.sin(x.sum(1, keepdim=True))), batch_size=32, shuffle=True)
model = nn.Sequential(*[layer for _ in range(3) for layer in (nn.LazyLinear(32), nn.GELU())], nn.LazyLinear(1))
model(x[:1])  # lazy layers take their shape from what they first see

accelerator = Accelerator(gradient_accumulation_steps=4)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
model, optimizer, data = accelerator.prepare(model, optimizer, data)

config = {"optimizer": "AdamW", "accumulate": accelerator.gradient_accumulation_steps}
with ut.Run("runs", name="accelerated", config=config, rank=accelerator.process_index) as run:
    watcher = run.watch(model, optimizer, signals=True)
    for epoch in range(10):
        watcher.epoch = epoch
        for inputs, targets in data:
            with accelerator.accumulate(model):
                loss = nn.functional.mse_loss(model(inputs), targets)
                accelerator.backward(loss)
                # Clipped gradients are what the update is made of, and what is recorded; one row for four batches.
                if accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                optimizer.zero_grad()
        run.log(epoch=epoch, loss=loss)

if accelerator.is_main_process:
    recording = ut.load(run.path)
    for finding in ut.diagnose(recording):
        print(finding)
    ut.show(recording, lens="flow", title="Accelerated")
