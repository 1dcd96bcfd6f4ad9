// Changes of which schedules and stages there are: each waits until all before it is answered, and is made of the schedule
// that was looked at when its button was pressed. Until it is answered itself, buttons and fields of schedules rest; those
// behind a typed name wait.

import type { Made } from "./editor-change";
import type { Schedule } from "./editor-state";

export class Builder {
  private built = Promise.resolve();
  private building = 0; // changes that aren't answered

  // schedule is that of a name, or the one that is looked at; idle waits for answers; make sends; done follows the answer.
  constructor(
    private readonly box: HTMLElement,
    private readonly schedule: (name?: string) => Schedule | undefined,
    private readonly idle: () => Promise<void>,
    private readonly make: (made: Made) => void,
    private readonly done: () => void,
  ) {}

  get busy(): boolean {
    return this.building > 0;
  }

  // build makes edits that change which schedules and stages there are.
  build(of: (schedule: Schedule) => Made): void {
    const from = document.activeElement;
    if (this.box.inert) return;
    this.box.inert = !(from instanceof HTMLInputElement);
    const rests = this.box.inert;
    this.building++;
    this.built = this.built.then(async () => {
      try {
        const name = this.schedule()?.name;
        await this.idle();
        const schedule = name === undefined ? undefined : this.schedule(name);
        if (schedule) this.make(of(schedule));
        await this.idle();
      } finally {
        this.done();
        this.building--;
        if (rests) this.wake(from);
      }
    });
  }

  // after makes edits of the schedule that is looked at, once what is being built is there.
  after(of: (schedule: Schedule) => Made): void {
    const go = (): void => {
      const schedule = this.schedule();
      if (schedule) this.make(of(schedule));
    };
    if (this.building) void this.built.then(go);
    else go();
  }

  private wake(from: Element | null): void {
    this.box.inert = false;
    if (document.activeElement === document.body && from instanceof HTMLElement) (from.isConnected ? from : document.getElementById(from.id || "-"))?.focus();
  }
}
