"""Record a Lightning training: one callback, and the module stays as it is."""

import lightning.pytorch as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import undertow as ut


class Regression(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))

    def training_step(self, batch, index):
        loss = self.loss(batch)
        self.log("loss", loss)
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", self.loss(batch))

    def loss(self, batch):
        x, y = batch
        return nn.functional.mse_loss(self.net(x), y)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=3e-3)


pl.seed_everything(0, verbose=False)
x = torch.randn(768, 8)
y = torch.sin(x.sum(1, keepdim=True))
loaders = [DataLoader(TensorDataset(x[part], y[part]), batch_size=64) for part in (slice(512), slice(512, None))]

with ut.Run("runs", name="lightning") as run:
    trainer = pl.Trainer(
        max_epochs=8,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[ut.lightning.Recorder(run, signals=True)],
    )
    trainer.fit(Regression(), *loaders)

ut.show(ut.load(run.path), lens="flow", title="A Lightning training")
