"""Record a PyTorch training: gradients, weights and updates of each parameter, and what passes between the modules."""

import torch
from torch import nn

import undertow as ut

torch.manual_seed(0)
x = torch.randn(1024, 8)
y = torch.sin(x.sum(1, keepdim=True))

# Deep, and half of it dead on arrival: one layer's bias keeps its ReLU from ever firing.
hidden = [layer for _ in range(4) for layer in (nn.Linear(16, 16), nn.ReLU())]
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), *hidden, nn.Linear(16, 1))
model[6].bias.data[:12] = -5.0
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

with ut.Run("runs", name="relus", config={"depth": 5, "optimizer": "Adam"}) as run:
    # That is all: budget=0.01 would keep a long training within 1 % of what it takes without.
    watcher = run.watch(model, optimizer, signals=True, activations=True, cosine=True)
    for epoch in range(12):
        watcher.epoch = epoch
        for indices in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x[indices]), y[indices])
            loss.backward()
            optimizer.step()
        run.log(epoch=epoch, loss=loss)

recording = ut.load(run.path)
for finding in ut.diagnose(recording):
    print(finding)
ut.show(recording, lens="flow", title="Five layers of ReLU")
