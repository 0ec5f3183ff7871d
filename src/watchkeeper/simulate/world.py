"""A whole simulated world: every applicant, what was sent of them, the score they got, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watchkeeper.simulate.applicants import BY_NAME, REGION, Applicants, Floats, Ints, as_sent, draw
from watchkeeper.simulate.scoring import Second, probability
from watchkeeper.simulate.story import BASELINE_DAYS, PopulationShift, Story
from watchkeeper.simulate.traffic import Flags, Traffic, traffic

REQUESTS = 100_000
_OUTCOME_SD = 0.03
"""How far the log odds of default of all applicants move from day to day."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything that happens, logged or not.

    Attributes:
        traffic: the requests.
        request: index of the request of each applicant, rising, shape (rows,).
        sent: the features as they stand in the request bodies.
        score: probability of default as answered, shape (rows,).
        defaulted: what came of it, shape (rows,).
    """

    story: Story
    traffic: Traffic
    request: Ints
    sent: Applicants
    score: Floats
    defaulted: Flags


def world(story: Story, requests: int = REQUESTS) -> World:
    """Simulate a story.

    Args:
        requests: about how many rows the inference table gets, not counting repeated ones.
    """
    calls = traffic(story, requests)
    request = np.repeat(np.arange(calls.size), calls.rows)
    day = calls.day[request]
    applicants = _shifted(story.population_shift, draw(story.rng("applicants"), day), day)
    defaulted = _outcome(story, applicants, day)
    sent = _in_other_unit(story, applicants, day)
    score = _score(story, sent, day, calls.second[request], defaulted)
    return World(story, calls, request, sent, score, defaulted)


def _shifted(shift: PopulationShift | None, applicants: Applicants, day: Ints) -> Applicants:
    if shift is None:
        return applicants
    feature, values = BY_NAME[shift.column], applicants.numeric[shift.column]
    before = values[day < BASELINE_DAYS]
    change = shift.sd * np.nanstd(before)
    changed = values + change if feature.grows == "plus" else values * (1 + change / np.nanmean(before))
    there = (applicants.categories[REGION.name] == shift.region) & (day >= shift.day)
    return applicants.replacing(shift.column, np.where(there, as_sent(feature, changed), values))


def _in_other_unit(story: Story, applicants: Applicants, day: Ints) -> Applicants:
    unit = story.unit_change
    if unit is None:
        return applicants
    values = applicants.numeric[unit.column]
    other = np.round(values * unit.factor, 5)
    return applicants.replacing(unit.column, np.where(day >= unit.day, other, values))


def _outcome(story: Story, applicants: Applicants, day: Ints) -> Flags:
    rng = story.rng("outcome")
    mood = _OUTCOME_SD * rng.standard_normal(story.days)[day]
    return rng.random(day.size) < probability(applicants.log_odds() + mood)


def _score(story: Story, sent: Applicants, day: Ints, served: Flags, defaulted: Flags) -> Floats:
    log_odds, region = sent.log_odds(), sent.categories[REGION.name]
    noise = story.rng("second version").standard_normal(day.size)
    second = Second(log_odds, noise, region, day < BASELINE_DAYS)
    blurred = second.weaker(served, defaulted, story.rollout.auc_loss)
    return np.round(probability(np.where(served, blurred, log_odds)), 6)
