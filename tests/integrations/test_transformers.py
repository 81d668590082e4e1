import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
accelerate = pytest.importorskip("accelerate")

import undertow as ut  # noqa: E402

from .torch_cases import Oracle, batches, loss_of, net, rows  # noqa: E402


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = net()

    def forward(self, x, **_):
        return {"loss": loss_of(self.net, x)}


def look_at(model, optimizer):
    """An oracle that looks by hooks of its own."""
    oracle = Oracle(model)
    oracle.step = 0
    optimizer.register_step_pre_hook(lambda *_: oracle.before())

    def after(*_):
        oracle.after(oracle.step)
        oracle.step += 1

    optimizer.register_step_post_hook(after)
    return oracle


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.filterwarnings("ignore")
def test_a_trainer_is_recorded_as_its_optimizer_saw_it(tmp_path, accumulate, monkeypatch):
    # It takes our folder tests/datasets for the library of that name.
    monkeypatch.setattr("transformers.trainer.is_datasets_available", lambda: False)
    model = Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    oracle = look_at(model, optimizer)
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path / "out"),
        num_train_epochs=3,
        per_device_train_batch_size=16,
        gradient_accumulation_steps=accumulate,
        max_grad_norm=1e-2,
        logging_steps=1,
        report_to=[],
        use_cpu=True,
        save_strategy="no",
        disable_tqdm=True,
    )
    data = [{"x": x} for x in torch.cat(batches(4))]
    with ut.Run(tmp_path / "runs") as run:
        recorder = ut.transformers.Recorder(run)
        trainer = transformers.Trainer(
            model=model, args=arguments, train_dataset=data, optimizers=(optimizer, None), callbacks=[recorder]
        )
        trainer.train()
        assert recorder.watcher is None
    recorded = rows(run)
    oracle.check(recorded)
    assert len({step for step, _ in recorded}) == 12 // accumulate
    assert {row["epoch"] for row in recorded.values()} == {0, 1, 2}
    steps = ut.load(run.path).steps.to_pandas()
    assert steps[steps["loss"].notna()]["step"].tolist() == list(range(12 // accumulate))
    assert {"loss", "grad_norm", "learning_rate"} <= set(steps.columns)


@pytest.mark.parametrize("given", [False, True])
def test_accelerate_needs_nothing_but_watch(tmp_path, given):
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=2)
    model, optimizer = net(), None
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    oracle = look_at(model, optimizer)
    prepared, wrapped = accelerator.prepare(model, optimizer)
    with ut.Run(tmp_path) as run:
        run.watch(prepared, wrapped if given else None)
        for x in batches(6):
            with accelerator.accumulate(prepared):
                accelerator.backward(loss_of(prepared, x))
                wrapped.step()
                wrapped.zero_grad()
    oracle.check(rows(run))
    assert len({step for step, _ in rows(run)}) == 3


def test_a_run_that_is_to_stop_ends_the_training_at_the_next_log(tmp_path):
    control, state = transformers.TrainerControl(), transformers.TrainerState(epoch=0.5)
    with ut.Run(tmp_path / "runs") as run:
        recorder = ut.transformers.Recorder(run)
        recorder.on_log(None, state, control, {"loss": 1.0})
        assert not control.should_training_stop
        run.stop("loss is not finite")
        recorder.on_log(None, state, control, {"loss": 2.0})
    assert control.should_training_stop
    assert ut.load(run.path).steps.to_arrow()["loss"].to_pylist() == [1.0, 2.0]
