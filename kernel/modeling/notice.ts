import type { ProgressEvent } from '../host/host';

/** Receives the events of one load; `done` is called at its end, whatever the outcome. */
export interface ProgressSink {
  event(event: ProgressEvent): void;
  done(): void;
}

let notify: (line: string) => void = () => {};
let makeProgress: ((title: string) => ProgressSink) | undefined;

/** Installs where one-line notices go (the cell's output). Called by the entry points; tests hear nothing. */
export function setNotices(sink: (line: string) => void): void {
  notify = sink;
}

/** Says one line to the user: which device is used, what was substituted. */
export function notice(line: string): void {
  notify(line);
}

/** Installs what shows progress while loading when the caller gave no `progress_callback`. */
export function setProgress(factory: (title: string) => ProgressSink): void {
  makeProgress = factory;
}

/** The progress display for a load, if one is installed. */
export function startProgress(title: string): ProgressSink | undefined {
  return makeProgress?.(title);
}
