"""Playing sounds to the caller, and listening for the digit that cuts them (B§7.0)."""

from __future__ import annotations

from attrs import define

from callflow.core.agenda import Entry
from callflow.core.call import FlowRun, Leg
from callflow.core.effects import Play
from callflow.core.exchange import Exchange
from callflow.core.executor import PENDING, resume, throw_hung_up
from callflow.core.lanes import sound_ended
from callflow.core.legs import open_media
from callflow.core.listening import listen_again
from callflow.core.trace import AUDIO

_NOT_PLAYING = -1


@define(eq=False)
class Playing:
    """The wait of `Play`: which sound is on, since which row, and the timer of its end or of the last wait."""

    run: FlowRun
    effect: Play
    position: int = 0
    round: int = 1
    row: int = _NOT_PLAYING
    timer: Entry | None = None

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Nobody else is on the call."""
        return ()

    def press(self, exchange: Exchange, digit: str, because: int) -> None:
        """A wanted digit cuts what plays and is the answer; any other is not heard."""
        if digit in self.effect.ended_by_digits:
            self._cut(exchange, because)
            resume(exchange, self.run, digit, because)

    def lose(self, exchange: Exchange, because: int) -> None:
        """The caller left in the middle."""
        self._cut(exchange, because)
        throw_hung_up(exchange, self.run, because)

    def _cut(self, exchange: Exchange, because: int) -> None:
        if self.timer is not None:
            exchange.agenda.cancel(self.timer)
        if self.row != _NOT_PLAYING:
            self.tell_of_end(exchange, because)
            exchange.note(self.run.call.id, self.run.leg.id, AUDIO, "ends", {"of": self.row}, because)
            listen_again(exchange, self.run.leg, because)

    def tell_of_end(self, exchange: Exchange, because: int) -> None:
        """The sound that was on is over: it may have been an announcement."""
        sound_ended(exchange, self.run.call, self.run.leg, self.effect.sounds[self.position - 1], because)


def play(exchange: Exchange, run: FlowRun, effect: Play, because: int) -> object:
    """Carry out `Play`; an unanswered leg is given early media first, as it could hear nothing otherwise."""
    open_media(exchange, run.call.id, run.leg, because, "law: playing needs media (B§3.3)")
    playing = run.waiting = Playing(run, effect)
    _next_sound(exchange, playing, None, because)
    return PENDING


def _next_sound(exchange: Exchange, playing: Playing, event: None, because: int) -> None:
    effect = playing.effect
    if playing.row != _NOT_PLAYING:
        playing.tell_of_end(exchange, because)
        playing.row = _NOT_PLAYING
    if playing.position == len(effect.sounds) and effect.sounds and (effect.times == 0 or playing.round < effect.times):
        playing.position = 0
        playing.round += 1
    if playing.position == len(effect.sounds):
        playing.timer = exchange.agenda.after(effect.then_wait_ms, _no_digit, playing, None, because)
        return
    sound = effect.sounds[playing.position]
    playing.position += 1
    detail = {"sound": {sound.kind: sound.name}, "for_ms": sound.length_ms}
    run = playing.run
    playing.row = exchange.note(run.call.id, run.leg.id, AUDIO, "plays", detail, because)
    listen_again(exchange, run.leg, because)
    playing.timer = exchange.agenda.after(max(1, sound.length_ms), _next_sound, playing, None, playing.row)


def _no_digit(exchange: Exchange, playing: Playing, event: None, because: int) -> None:
    resume(exchange, playing.run, "", because)
