"""What the name of a column hints at; a hint alone decides nothing."""

from __future__ import annotations

import re

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


IDENTITY = _words("id uuid guid key identifier uid rowid index reference ref")
CODE = _words("code codes zip zipcode postal postcode id sku isin")
MADE_AT = _words(
    "timestamp time ts at made request requested created scored predicted prediction inference event served logged "
    "booking booked received screening submitted date datetime"
)
NOT_MADE_AT = _words(
    "birth dob born open opened expiry expires expiration due end ended update updated modified status outcome "
    "resolved paid closed loaded ingested load known custody offense arrest"
)
ARRIVAL = _words("loaded ingested ingestion load arrived arrival_time inserted landed")
KNOWN_AT = _words("known status outcome resolved paid closed updated observed matured settled")
SCORE = _words(
    "score scores probability probabilities proba prob prediction predictions pred predicted likelihood propensity "
    "yhat confidence"
)
DECISION = _words("decision decided approved declined prediction predicted pred action flagged accepted")
TRUTH = _words("label labels labelled target y class outcome truth actual actuals groundtruth")
RESULT = _words(
    "default defaulted churn churned fraud fraudulent canceled cancelled converted conversion paid repaid employed "
    "disputed recid recidivism bought purchased clicked anomaly anomalous attack hired income outcome approved"
)
AMOUNT = _words("cnt count total demand sales price amount value target consumption")
VERSION = _words("version versions release variant champion challenger")
WEIGHT = _words("sample sampling importance inverse survey")
SEGMENT = _words(
    "region country channel product segment hotel market branch state tier category sex gender race group age_group "
    "family platform type brand site plan contract sector"
)
CALENDAR = _words("year month quarter week day hour minute second yr mnth hr tenure")
YES = ("1", "true", "yes", "y", "t", "positive")
NO = ("0", "false", "no", "n", "f", "negative")


def parts(name: str) -> list[str]:
    """The words of a name in lower case.

    >>> parts("credit_scoreV2"), parts("loanID"), parts("Consumer disputed?")
    (['credit', 'score', 'v', '2'], ['loan', 'id'], ['consumer', 'disputed'])
    """
    return [part.lower() for part in _PARTS.findall(name)]


def hints(name: str, words: frozenset[str]) -> list[str]:
    """The words of a name that are among these, in order."""
    return [part for part in parts(name) if part in words]
