"""What a note on an account says, in the account's language; English where we have no words for it.

Who reads it is our own sales person: the sentences tell facts about the account. Days are in ISO form, amounts as
`1,234.50 EUR`.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import Literal, NamedTuple, get_args

from scheduler.steps.wording import language

Said = Literal[
    "tier_reached",
    "tier_lost",
    "valid_until",
    "tier_at_risk",
    "near_tier",
    "credit_note_issued",
    "debit_invoice_issued",
]
SAID: tuple[Said, ...] = get_args(Said)


class Sentences(NamedTuple):
    """Patterns of one language, one for each event; `valid_until` follows a tier that ends."""

    tier_reached: str
    tier_lost: str
    valid_until: str
    tier_at_risk: str
    near_tier: str
    credit_note_issued: str
    debit_invoice_issued: str


_SENTENCES = {
    "en": Sentences(
        "$program: the account has tier $tier since $since (before: $before).",
        "$program: the account has fallen to tier $tier since $since (before: $before).",
        "It is valid until $until.",
        "$program: tier $tier ends on $until; $missing is still missing to keep it.",
        "$program: $missing is still missing for tier $next (so far: $reached).",
        "Credit note $number over $net net ($gross with tax) was issued: $text, $period.",
        "Debit invoice $number over $net net ($gross with tax) was issued: $text, $period.",
    ),
    "de": Sentences(
        "$program: Der Kunde hat seit $since die Stufe $tier (zuvor: $before).",
        "$program: Der Kunde ist seit $since auf die Stufe $tier gefallen (zuvor: $before).",
        "Sie gilt bis $until.",
        "$program: Die Stufe $tier endet am $until; um sie zu behalten, fehlen noch $missing.",
        "$program: Zur Stufe $next fehlen noch $missing (bisher: $reached).",
        "Die Gutschrift $number über $net netto ($gross mit Steuer) wurde ausgestellt: $text, $period.",
        "Die Belastung $number über $net netto ($gross mit Steuer) wurde ausgestellt: $text, $period.",
    ),
    "fr": Sentences(
        "$program : le compte est au niveau $tier depuis le $since (auparavant : $before).",
        "$program : le compte est redescendu au niveau $tier depuis le $since (auparavant : $before).",
        "Ce niveau est valable jusqu'au $until.",
        "$program : le niveau $tier prend fin le $until ; il manque encore $missing pour le conserver.",
        "$program : il manque encore $missing pour atteindre le niveau $next (à ce jour : $reached).",
        "L'avoir $number de $net hors taxes ($gross taxes comprises) a été émis : $text, $period.",
        "La note de débit $number de $net hors taxes ($gross taxes comprises) a été émise : $text, $period.",
    ),
    "es": Sentences(
        "$program: la cuenta tiene el nivel $tier desde el $since (antes: $before).",
        "$program: la cuenta ha bajado al nivel $tier desde el $since (antes: $before).",
        "Es válido hasta el $until.",
        "$program: el nivel $tier termina el $until; faltan todavía $missing para conservarlo.",
        "$program: faltan todavía $missing para alcanzar el nivel $next (hasta ahora: $reached).",
        "Se ha emitido la nota de crédito $number por $net netos ($gross con impuestos): $text, $period.",
        "Se ha emitido la nota de débito $number por $net netos ($gross con impuestos): $text, $period.",
    ),
    "it": Sentences(
        "$program: il cliente ha il livello $tier dal $since (prima: $before).",
        "$program: il cliente è sceso al livello $tier dal $since (prima: $before).",
        "È valido fino al $until.",
        "$program: il livello $tier termina il $until; mancano ancora $missing per mantenerlo.",
        "$program: mancano ancora $missing per raggiungere il livello $next (finora: $reached).",
        "È stata emessa la nota di credito $number di $net netti ($gross con imposte): $text, $period.",
        "È stata emessa la nota di debito $number di $net netti ($gross con imposte): $text, $period.",
    ),
    "nl": Sentences(
        "$program: de klant heeft sinds $since niveau $tier (voorheen: $before).",
        "$program: de klant is sinds $since teruggevallen naar niveau $tier (voorheen: $before).",
        "Dit niveau geldt tot en met $until.",
        "$program: niveau $tier eindigt op $until; er ontbreekt nog $missing om het te behouden.",
        "$program: er ontbreekt nog $missing voor niveau $next (tot nu toe: $reached).",
        "Creditnota $number van $net netto ($gross met btw) is uitgereikt: $text, $period.",
        "Debetnota $number van $net netto ($gross met btw) is uitgereikt: $text, $period.",
    ),
    "pl": Sentences(
        "$program: klient ma od $since poziom $tier (poprzednio: $before).",
        "$program: poziom klienta obniżył się od $since do $tier (poprzednio: $before).",
        "Poziom jest ważny do $until.",
        "$program: poziom $tier kończy się $until; do jego utrzymania brakuje jeszcze $missing.",
        "$program: do poziomu $next brakuje jeszcze $missing (dotychczas: $reached).",
        "Wystawiono notę kredytową $number na kwotę $net netto ($gross z podatkiem): $text, $period.",
        "Wystawiono notę obciążeniową $number na kwotę $net netto ($gross z podatkiem): $text, $period.",
    ),
    "pt": Sentences(
        "$program: o cliente tem o nível $tier desde $since (antes: $before).",
        "$program: o cliente desceu para o nível $tier desde $since (antes: $before).",
        "É válido até $until.",
        "$program: o nível $tier termina em $until; faltam ainda $missing para o manter.",
        "$program: faltam ainda $missing para atingir o nível $next (até agora: $reached).",
        "Foi emitida a nota de crédito $number de $net líquidos ($gross com impostos): $text, $period.",
        "Foi emitida a nota de débito $number de $net líquidos ($gross com impostos): $text, $period.",
    ),
    "cs": Sentences(
        "$program: zákazník má od $since úroveň $tier (dříve: $before).",
        "$program: zákazník klesl od $since na úroveň $tier (dříve: $before).",
        "Úroveň platí do $until.",
        "$program: úroveň $tier končí $until; k jejímu udržení chybí ještě $missing.",
        "$program: do úrovně $next chybí ještě $missing (dosud: $reached).",
        "Byl vystaven dobropis $number na $net bez DPH ($gross s DPH): $text, $period.",
        "Byl vystaven vrubopis $number na $net bez DPH ($gross s DPH): $text, $period.",
    ),
    "sv": Sentences(
        "$program: kunden har nivå $tier sedan $since (tidigare: $before).",
        "$program: kunden har gått ned till nivå $tier sedan $since (tidigare: $before).",
        "Nivån gäller till och med $until.",
        "$program: nivå $tier upphör $until; det saknas ännu $missing för att behålla den.",
        "$program: det saknas ännu $missing till nivå $next (hittills: $reached).",
        "Kreditnota $number på $net netto ($gross med moms) har utfärdats: $text, $period.",
        "Debetnota $number på $net netto ($gross med moms) har utfärdats: $text, $period.",
    ),
    "da": Sentences(
        "$program: kunden har niveau $tier siden $since (før: $before).",
        "$program: kunden er faldet til niveau $tier siden $since (før: $before).",
        "Niveauet gælder til og med $until.",
        "$program: niveau $tier ophører $until; der mangler endnu $missing for at beholde det.",
        "$program: der mangler endnu $missing til niveau $next (indtil nu: $reached).",
        "Kreditnota $number på $net netto ($gross med moms) er udstedt: $text, $period.",
        "Debetnota $number på $net netto ($gross med moms) er udstedt: $text, $period.",
    ),
}
LANGUAGES = tuple(_SENTENCES)


def sentence(said: Said, values: Mapping[str, object], code: str) -> str:
    """A sentence in the language of a code such as `de_DE`. Values are put in as they are, whatever they look like.

    Raises KeyError for a value the sentence needs and is not given.
    """
    pattern: str = getattr(_SENTENCES.get(language(code), _SENTENCES["en"]), said)
    return Template(pattern).substitute(values)
