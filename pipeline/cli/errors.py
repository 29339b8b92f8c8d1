"""Which errors a user can cause, and the exit code of each; anything else is a fault of ours and shows its traceback."""

from filters.assets import AssetError
from pipeline.pool import TaskFailedError, running_pool
from pipeline.recipe_file import RecipeError
from pipeline.sources.spec import InputError
from pipeline.storage import StorageError
from pipeline.tokens import TokenizerError


class UsageError(Exception):
    """The command cannot be carried out as it was given; the message is one sentence."""


class RunFailedError(Exception):
    """The run failed; the message is one sentence."""


_USAGE = (UsageError, RecipeError, InputError, AssetError, TokenizerError)
_FAILED = (RunFailedError, TaskFailedError, StorageError)


def sentence_of(error: BaseException) -> tuple[str, int, str] | None:
    """The sentence, exit code and, where a worker met a fault of ours, traceback of an error, or of the cause that Beam has wrapped; None for a fault of ours."""
    pool = running_pool()
    if pool is not None and pool.failure is not None:
        error = pool.failure
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, _USAGE):
            return str(seen), 2, ""
        if isinstance(seen, _FAILED):
            return str(seen).split("\n", 1)[0], 1, getattr(seen, "traceback", "")
        seen = seen.__cause__ or seen.__context__
    return None
