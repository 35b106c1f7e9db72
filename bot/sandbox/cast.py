"""The demo's standing cast: who is there when the page opens."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.bot_api import Json
from bot.sandbox.chats import Chat
from bot.sandbox.payment import Payment
from bot.sandbox.people import Person
from bot.sandbox.sandbox import Sandbox


@dataclass(frozen=True)
class Cast:
    """The people, the group, and the sample payments of the demo."""

    sari: Person
    tom: Person
    rina: Person
    ops: Chat
    payments: list[Payment]

    @property
    def labels(self) -> dict[int, str]:
        """The chat list: chat id to the name on the page."""
        return {
            self.sari.private_chat.id: "Sari, customer",
            self.tom.private_chat.id: "Tom, customer (English)",
            self.rina.private_chat.id: "Rina, staff",
            self.ops.id: "Ops group",
        }

    def view(self) -> list[Json]:
        """The chat list for the page, in order: the chat, who writes there, and its name."""
        acting = {self.ops.id: self.rina.id}  # in private a person's id is the chat's
        return [
            {"chat_id": chat_id, "person_id": acting.get(chat_id, chat_id), "label": label}
            for chat_id, label in self.labels.items()
        ]


def raise_curtain(sandbox: Sandbox) -> Cast:
    """Puts the cast on stage; STAFF_USER_IDS is ``rina.id`` and OPS_CHAT_IDS ``ops.id``.

    The payments: one to pay, one whose QR is broken, two packages to pay and send, one paid, one on terms (no QR).
    """
    sari = sandbox.person("Sari", username="sari_batik", language_code="id", started=True)
    tom = sandbox.person("Tom", last_name="Baker", language_code="en", started=True)
    rina = sandbox.person("Rina", language_code="id", started=True)
    ops = sandbox.supergroup("Ops group", [rina], chat_id=-1_002_233_445_566)
    payments = sandbox.payments
    samples = [
        payments.express(65_000),
        payments.express(182_500, qr="broken_crc"),
        payments.instant(54_000, packages=2),
        payments.instant(30_500, packages=1),
        payments.express(1_250_000, qr="none"),
    ]
    samples[3].pay()
    sandbox.cast = Cast(sari, tom, rina, ops, samples)
    return sandbox.cast
