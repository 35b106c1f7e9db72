"""Who runs the shop: the owner is greeted, and a group hears what it means to be its team."""

from typing import assert_never

from bot.core.message import Message
from bot.core.team import BecameOwner, MayNotTeam, TeamFact, TeamIsForGroups, TeamOff, TeamOn, TeamUsage
from bot.words.voice import Voice


def team_message(fact: TeamFact, voice: Voice) -> Message:
    """A fact about owner and team as a message."""
    return Message(voice.say(_sentence(fact)))


def _sentence(fact: TeamFact) -> str:
    match fact:
        case BecameOwner():
            return "owner.welcome"
        case TeamOn():
            return "team.on"
        case TeamOff():
            return "team.off"
        case TeamUsage():
            return "team.usage"
        case TeamIsForGroups():
            return "team.in_private"
        case MayNotTeam():
            return "team.not_yours"
        case _ as never:
            assert_never(never)
