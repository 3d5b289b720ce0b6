"""One run: train, note every step, look from time to time, and do as commands say."""

import os
import time
from typing import Any

import numpy as np

from convnet import Augmenter, History, Trainer
from convnet.optimizers.schedules import Constant
from server.training_room.building.sizes import make
from server.training_room.by_hand import SteppingTrainer
from server.training_room.pictures import Pictures, choose
from server.training_room.run_folder import RunFolder
from server.training_room.settings import LOSSES, Settings
from server.training_room.watch import EVERY, Watch

NOBODY_ASKS = 60.0
"""Seconds after a page's last request in which a run goes on."""


class Run:
    """A run in its folder.

    Parameters
    ----------
    settings : Settings
    folder : RunFolder
    service : int
        The process that the run is for; when it is gone, the run ends.
    """

    def __init__(self, settings: Settings, folder: RunFolder, service: int) -> None:
        self.settings, self.folder, self.service = settings, folder, service
        self.pictures: Pictures = choose(settings)
        layers = settings.layers(folder.path.parent)
        network = make(layers, settings.seed, "trained-here")
        if settings.classes is not None:
            network.metadata["classes"] = list(settings.classes)
        self.steps = settings.epochs * -(-len(self.pictures.images) // settings.batch)
        optimizer = settings.make_optimizer(self.steps)
        self.trainer = SteppingTrainer(network, loss=LOSSES[settings.loss], optimizer=optimizer)
        self.watch = Watch(self.trainer, self.pictures, folder)
        self.paused, self.single, self.ending = False, 0, ""
        self.step, self.commands_read = 0, 0
        self.began = self.noted = self.checked = time.perf_counter()
        self.waited = 0.0
        self.recent: list[tuple[float, float, int]] = []
        self.counted: tuple[float, int] = (0, 0)

    @property
    def seconds(self) -> float:
        """Seconds of training: without those of pauses."""
        return time.perf_counter() - self.began - self.waited

    def go(self) -> None:
        """Train until the end, or until there is a reason to end before."""
        settings, pictures = self.settings, self.pictures
        self.watch.look_at_all(0)
        self.note_state("running")
        self.began = time.perf_counter()
        self.trainer.fit(
            pictures.images,
            pictures.labels,
            epochs=settings.epochs,
            batch_size=settings.batch,
            rng=np.random.default_rng(settings.seed),
            augment=Augmenter() if settings.augmentation else None,
            on_step=self.after_step,
        )
        self.note(force=True)
        self.watch.look_at_all(self.step)
        loss, accuracy = self.trainer.evaluate(pictures.held_images, pictures.held_labels)
        whole = {
            "loss": finite(loss),
            "accuracy": accuracy,
            "pictures": len(pictures.held_labels),
        }
        reason = self.ending or "all epochs are done"
        self.note_state("ended", reason=reason, test=whole)

    def after_step(self, trainer: Trainer, history: History) -> None:
        """Note the step; then wait as long as the run is paused."""
        self.step += 1
        fresh = history.seen <= self.counted[1]  # an epoch has begun, and counts from nothing
        right, seen = (0, 0) if fresh else self.counted
        self.counted = history.correct, history.seen
        self.recent.append((history.losses[-1], history.correct - right, history.seen - seen))
        if not np.isfinite(history.losses[-1]):
            self.end("the loss is no number any more: the learning rate is too high")
        elif self.seconds > 60 * self.settings.minutes:
            self.end(f"its {self.settings.minutes} minutes are over")
        self.obey()
        self.note(force=self.paused or self.step == 1)  # where the curve begins
        if self.paused and not self.ending:
            self.wait()

    def end(self, reason: str) -> None:
        """End the run after this step."""
        self.ending = self.ending or reason
        self.trainer.should_stop = True

    def wait(self) -> None:
        """Wait for a command, with everything shown as it is now."""
        self.single = max(self.single - 1, 0)
        if self.single:
            return
        began = time.perf_counter()
        self.watch.look_at_all(self.step)
        self.tell_step()
        self.note_state("paused")
        while self.is_held():
            time.sleep(0.03)
            self.obey()
        self.waited += time.perf_counter() - began
        if not self.paused:
            self.note_state("running")

    def tell_step(self) -> None:
        """Show the step that was just done, if it was asked for."""
        if self.trainer.noted is not None:
            self.watch.show("by_hand", self.step, self.trainer.noted)
        self.trainer.noting, self.trainer.noted = False, None

    def is_held(self) -> bool:
        """Return whether no step is to be done now."""
        return self.paused and not self.single and not self.ending

    def obey(self) -> None:
        """Do what commands say; end where nobody is there any more."""
        now = time.perf_counter()
        if not self.paused and now - self.checked < EVERY / 4:
            return
        self.checked = now
        if self.folder.idle() > NOBODY_ASKS:
            self.end("no page has asked for a minute")
        if not is_there(self.service):
            self.end("the service has ended")
        commands, self.commands_read = self.folder.lines("commands.jsonl", self.commands_read)
        for command in commands:
            self.do(command)

    def do(self, command: dict[str, Any]) -> None:
        """Do one command, which the service has checked."""
        name, value = command["command"], command.get("value")
        if name == "stop":
            self.end("stopped")
        elif name == "rate":
            self.trainer.optimizer.schedule = Constant(float(value or 0))
        elif name == "step":
            self.paused, self.single = True, self.single + 1
            self.trainer.noting = True
        elif name == "look":
            self.watch.layer, self.watch.digit = command["layer"], command["digit"]
            if self.paused:
                self.watch.inside(self.step)
        else:
            self.paused, self.single = name == "pause", 0

    def note(self, force: bool = False) -> None:
        """Write how it goes, five times a second, and look."""
        if not self.recent or (not force and time.perf_counter() - self.noted < EVERY):
            return
        self.noted = time.perf_counter()
        self.watch.look(self.step, self.seconds)
        held = self.watch.held
        self.folder.append(
            "progress.jsonl",
            {
                "step": self.step,
                "loss": finite(np.mean([loss for loss, _, _ in self.recent])),
                "accuracy": round(self.right_of_recent(), 5),
                "rate": self.trainer.optimizer.learning_rate,
                "seconds": round(self.seconds, 3),
                "held_loss": finite(held[0]) if held else None,
                "held_accuracy": round(held[1], 5) if held else None,
            },
        )
        self.watch.held = None
        self.recent = self.recent[-1:]
        self.note_state("paused" if self.paused else "running")

    def right_of_recent(self) -> float:
        """Return the share of right answers in the steps since the last note."""
        return sum(right for _, right, _ in self.recent) / sum(seen for *_, seen in self.recent)

    def note_state(self, state: str, **more: Any) -> None:
        """Write what the run is doing."""
        seconds = max(self.seconds, 1e-9)
        speed = self.step / seconds
        self.folder.write(
            "state.json",
            {
                "state": state,
                "step": self.step,
                "steps": self.steps,
                "seconds": round(seconds, 2),
                "images_per_second": round(speed * self.settings.batch),
                "seconds_left": round((self.steps - self.step) / speed, 1) if speed else None,
                "rate": self.trainer.optimizer.learning_rate,
                "watching": round(self.watch.spent / seconds, 4),
                "classes": self.settings.classes,
                "layers": [layer.name for layer in self.trainer.network.layers],
                "multiply_adds": self.trainer.network.multiply_adds,
                "parameters": self.trainer.network.parameter_count,
                **more,
            },
        )


def finite(value: Any) -> float:
    """Return a number that JSON has."""
    return round(float(np.nan_to_num(value, nan=1e9, posinf=1e9)), 5)


def is_there(process: int) -> bool:
    """Return whether there is such a process."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
