"""What is estimated of shares, and how."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pipeline.prevalence.contrasts import Wanted
from pipeline.prevalence.domains import DOMAINS, PostColumns, check_kind, express_keys


@dataclass(frozen=True, slots=True)
class ShareSettings:
    """What is estimated, and how.

    Attributes:
        unit: "post" or "sentence"; None for that of the sample, or posts without one.
        domains: kinds of domains, see `pipeline.prevalence.domains`.
        split_at: first day of "after", for the kind "period".
        timezone: where months, quarters, years and that day begin; None for UTC.
        wanted: contrasts between the domains of each kind but the whole.
        confidence: of the intervals.
        empty_is_coded: a row of the sample without labels carries no frame; else it is not coded yet.
        labels_only: use no score, so that nothing depends on what the model learnt.
        codings: files with second codings of units of the sample.
        table: posts table, or another with a row for each post_key, whose columns may be kinds of domains too.
        others: tables with scores from elsewhere, see `pipeline.prevalence.other_scores`.
        encoding: of text files (sample, codings, other scores) that are not UTF-8.
    """

    unit: str | None = None
    domains: tuple[str, ...] = DOMAINS
    split_at: date | None = None
    timezone: str | None = None
    wanted: Wanted = field(default_factory=Wanted)
    confidence: float = 0.95
    empty_is_coded: bool = False
    labels_only: bool = False
    codings: tuple[Path, ...] = ()
    table: Path | None = None
    others: tuple[Path, ...] = ()
    encoding: str | None = None

    def express_keys(self) -> dict[str, str]:
        """Keys of the cells, as SQL by name.

        Raises:
            ConfigError: a kind of domain that nothing tells.
            DataError: a table that cannot be used, or no such time zone.
        """
        columns = None if self.table is None else PostColumns.read(self.table)
        for kind in self.domains:
            check_kind(kind, columns)
        return express_keys(self.domains, self.split_at, columns, self.timezone)
