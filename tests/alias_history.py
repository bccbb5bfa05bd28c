"""Who moved the champion of a registered model: what tests of promotion look up."""

from pipeline.tracking.alias_moves import CHAMPION, AliasMove, read_history
from pipeline.tracking.mlflow_store import open_store
from pipeline.tracking.registry_lookup import get_model


def history_of(name: str) -> list[AliasMove]:
    """The recorded moves, oldest first, in the store of the environment."""
    client, _ = open_store(None, create=False)
    return read_history(get_model(client, name), CHAMPION)
