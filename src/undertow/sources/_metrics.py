"""How training metrics stand beside each other: a metric and its validation, on one scale."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from ..schema import Column

__all__ = ["higher_is_better", "is_learning_rate", "order_metrics", "pair_validation"]

_VALIDATION = "val_"


def is_learning_rate(name: str) -> bool:
    """Whether the column is a learning rate, by the names that the frameworks give it."""
    return name in {"lr", "learning_rate"} or name.endswith(("/lr", "/learning_rate"))


#: Words in the names of metrics of which more, and less, is better.
_HIGH = re.compile(
    r"\b(acc|accuracy|auc|auroc|bleu|correct|dice|f1|fscore|hits?|iou|jaccard|kappa|map|mcc|mrr|ndcg|precision|psnr|r2"
    r"|recall|return|reward|rouge|score|sensitivity|specificity|ssim|success|top1|top5|win)\b"
)
_LOW = re.compile(r"\b(loss|error|err|mse|mae|rmse|mape|perplexity|ppl|nll|wer|cer|fid|regret)\b")


def higher_is_better(name: str) -> bool:
    """Whether more of a metric is better, by the words of its name; a loss by any other name is a loss."""
    words = re.sub(r"[^a-z0-9]+", " ", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).casefold())
    return bool(_HIGH.search(words)) and not _LOW.search(words)


def order_metrics(names: Iterable[str]) -> list[str]:
    """Returns the names with the losses first, each validation after its metric, and learning rates last."""
    names = list(names)
    training = [
        name for name in names if not (name.startswith(_VALIDATION) and name.removeprefix(_VALIDATION) in names)
    ]
    training.sort(key=lambda name: (is_learning_rate(name), name.removeprefix(_VALIDATION) != "loss"))
    return [each for name in training for each in (name, _VALIDATION + name) if each in names]


def pair_validation(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Gives a metric and its validation one domain and scale: the slope between the axes is the generalisation gap."""
    described = {column.name: column for column in columns}
    for name, column in list(described.items()):
        other = described.get(_VALIDATION + name)
        if other and column.kind == other.kind == "number":
            described[name] = replace(column, share=name)
            described[other.name] = replace(other, share=name)
    return tuple(described.values())
