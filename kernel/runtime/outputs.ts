/** What one cell prints and shows, on its way to the front end. */
import type { Output } from '../protocol/messages';

/** Milliseconds that printed text waits for more, so that 10,000 prints are not 10,000 messages. */
const interval = 20;
/** Characters that are sent at once however young. */
const large = 64 * 1024;

/** Limits that `display_options()` changes. */
export const outputLimits = {
  /** Characters a cell may print before the rest is dropped with a note. */
  max_stream: 2_000_000,
  /** Characters of one representation (HTML, SVG, an image) of a value; larger ones are left out with a note. */
  max_data: 50_000_000
};

/** Outputs of one cell, in order. Lives as long as background work of the cell may print. */
export class Outputs {
  private name: 'stdout' | 'stderr' = 'stdout';
  private pending: string[] = [];
  private length = 0;
  private printed = 0;
  private dropped = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastFlush = 0;

  constructor(private readonly send: (output: Output) => void) {}

  /** Prints. */
  write(name: 'stdout' | 'stderr', text: string): void {
    if (!text) {
      return;
    }
    const room = outputLimits.max_stream - this.printed;
    if (room <= 0) {
      this.dropped += text.length;
      this.schedule();
      return;
    }
    if (name !== this.name) {
      this.flush();
      this.name = name;
    }
    const shown = text.length > room ? text.slice(0, room) : text;
    this.dropped += text.length - shown.length;
    this.printed += shown.length;
    this.pending.push(shown);
    this.length += shown.length;
    // A loop that never awaits lets no timer run: the clock decides there.
    if (this.length >= large || performance.now() - this.lastFlush > interval * 5) {
      this.flush();
    } else {
      this.schedule();
    }
  }

  /** Sends anything but printed text. */
  emit(output: Output): void {
    this.flush();
    if (output.msg_type === 'clear_output') {
      this.printed = 0;
      this.dropped = 0;
    }
    this.send(output);
  }

  /** Sends printed text that waits. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.pending.length > 0) {
      const text = this.pending.join('');
      this.pending = [];
      this.length = 0;
      this.lastFlush = performance.now();
      this.send({ msg_type: 'stream', content: { name: this.name, text } });
    }
  }

  /** Sends everything, and says how much was dropped. */
  finish(): void {
    this.flush();
    if (this.dropped > 0) {
      const text =
        `\n[output truncated: ${this.dropped.toLocaleString('en')} more characters; ` +
        'display_options({ max_stream: Infinity }) before the cell shows all]\n';
      this.dropped = 0;
      this.send({ msg_type: 'stream', content: { name: 'stderr', text } });
    }
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => this.finish(), interval);
  }
}
