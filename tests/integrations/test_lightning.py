import pytest

torch = pytest.importorskip("torch")
lightning = pytest.importorskip("lightning.pytorch")

import undertow as ut  # noqa: E402

from .torch_cases import Oracle, batches, loss_of, net, rows  # noqa: E402


class Module(lightning.LightningModule):
    def __init__(self, scale=1.0):
        super().__init__()
        self.net, self.scale = net(), scale

    def training_step(self, x, index):
        loss = self.scale * loss_of(self.net, x)
        self.log("loss", loss)
        return loss

    def validation_step(self, x, index):
        self.log("val_loss", loss_of(self.net, x))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.01)


class Look(lightning.Callback):
    """What the optimizer sees, by a hook of its own that stands before ours."""

    def on_train_start(self, trainer, module):
        self.oracle = Oracle(module)
        self.step = 0
        optimizer = trainer.optimizers[0]
        inner = optimizer.__class__.step
        looker = self

        def step(closure=None):
            def looked():
                loss = closure()
                looker.oracle.before()
                return loss

            result = inner(optimizer, looked)
            looker.oracle.after(looker.step)
            looker.step += 1
            return result

        optimizer.step = step


def fit(tmp_path, module, **options):
    with ut.Run(tmp_path / "runs") as run:
        recorder, look = ut.lightning.Recorder(run), Look()
        quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        trainer = lightning.Trainer(
            default_root_dir=tmp_path,
            accelerator="cpu",
            max_epochs=3,
            log_every_n_steps=1,
            enable_checkpointing=False,
            callbacks=[recorder, look],
            **quiet,
            **options,
        )
        loader = torch.utils.data.DataLoader(torch.cat(batches(4)), batch_size=16)
        trainer.fit(module, loader, loader)
        assert recorder.watcher is None
    return run, look.oracle, trainer


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", [{}, {"accumulate_grad_batches": 2}, {"gradient_clip_val": 1e-3}])
def test_a_fit_is_recorded_as_its_optimizer_saw_it(tmp_path, options):
    run, oracle, trainer = fit(tmp_path, Module(), **options)
    recorded = rows(run)
    assert len({step for step, _ in recorded}) == (6 if "accumulate_grad_batches" in options else 12)
    oracle.check(recorded)
    assert {row["epoch"] for row in recorded.values()} == {0, 1, 2}
    assert not trainer.optimizers[0]._optimizer_step_pre_hooks


@pytest.mark.filterwarnings("ignore")
def test_metrics_and_rates_are_logged_with_their_update(tmp_path):
    run, _, _ = fit(tmp_path, Module())
    steps = ut.load(run.path).steps.to_pandas()
    assert {"loss", "val_loss", "lr"} <= set(steps.columns)
    assert sorted(set(steps["step"])) == list(range(12))
    assert steps[steps["val_loss"].notna()]["epoch"].nunique() == 3
    assert (steps["lr"] == 0.01).all()


@pytest.mark.filterwarnings("ignore")
def test_when_a_fit_fails_no_hook_is_left(tmp_path):
    class Failing(Module):
        def training_step(self, x, index):
            if index == 2:
                raise ZeroDivisionError
            return super().training_step(x, index)

    module = Failing()
    with pytest.raises(ZeroDivisionError):
        fit(tmp_path, module)
    assert not module.trainer.optimizers[0]._optimizer_step_pre_hooks


def test_a_run_that_is_to_stop_ends_the_fit_at_the_next_log(tmp_path):
    class Stop(lightning.Callback):
        def on_train_epoch_end(self, trainer, module):
            run.stop("loss is not finite")

    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    with ut.Run(tmp_path / "runs") as run:
        trainer = lightning.Trainer(
            default_root_dir=tmp_path,
            accelerator="cpu",
            max_epochs=9,
            log_every_n_steps=1,
            callbacks=[ut.lightning.Recorder(run), Stop()],
            **quiet,
        )
        trainer.fit(Module(), torch.utils.data.DataLoader(torch.cat(batches(4)), batch_size=16))
    assert trainer.current_epoch == 2
