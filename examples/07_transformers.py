"""Record a Transformers training: a tiny GPT-2 that learns to count, and one callback."""

import tempfile

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

import undertow as ut

torch.manual_seed(0)
starts = torch.randint(20, (256, 1))
data = [{"input_ids": row, "labels": row} for row in (starts + torch.arange(16)) % 20]

model = GPT2LMHeadModel(GPT2Config(vocab_size=20, n_positions=16, n_embd=32, n_layer=3, n_head=2))
arguments = TrainingArguments(
    output_dir=tempfile.mkdtemp(),
    num_train_epochs=4,
    per_device_train_batch_size=16,
    gradient_accumulation_steps=2,
    learning_rate=3e-3,
    logging_steps=1,
    report_to=[],
    save_strategy="no",
    disable_tqdm=True,
    use_cpu=True,
)

with ut.Run("runs", name="gpt2", config={"layers": 3, "width": 32}) as run:
    Trainer(model, arguments, train_dataset=data, callbacks=[ut.transformers.Recorder(run)]).train()

ut.show(ut.load(run.path), lens="flow", title="A tiny GPT-2 learns to count")
