/** The kernel's end: starts the thread at the first question, and never waits long for it. */
import type { TypeFault, TypedCompletion, TypedHelp } from './service';
import type { FromIntelligence, Port, ToIntelligence } from './thread';

type Distributed<T> = T extends { id: number } ? Omit<T, 'id'> : never;

export class IntelligenceClient {
  private port: Port<ToIntelligence, FromIntelligence> | undefined;
  private failed = false;
  private next = 1;
  private readonly waiting = new Map<number, (result: unknown) => void>();
  /** Told to the thread when it starts. */
  private readonly committed: string[] = [];
  private declared: string[] = [];

  /** @param start Starts the thread; may throw where there can be none. */
  constructor(private readonly start: () => Port<ToIntelligence, FromIntelligence>) {}

  /** Completions, or undefined if they are not there within `patience` ms. */
  complete(code: string, offset: number, patience = 1000): Promise<TypedCompletion[] | undefined> {
    return this.ask<TypedCompletion[]>({ method: 'complete', code, offset }, patience);
  }

  help(code: string, offset: number, patience = 1500): Promise<TypedHelp | undefined> {
    return this.ask<TypedHelp>({ method: 'help', code, offset }, patience);
  }

  check(code: string, patience = 20_000): Promise<TypeFault[] | undefined> {
    return this.ask<TypeFault[]>({ method: 'check', code }, patience);
  }

  /** Notes a cell that was run. */
  commit(code: string): void {
    this.committed.push(code);
    this.port?.post({ method: 'commit', code });
  }

  /** Declares names that are bound at run time only. */
  declare(lines: readonly string[]): void {
    this.declared = [...lines];
    this.port?.post({ method: 'declare', lines: this.declared });
  }

  private ask<T>(question: Distributed<ToIntelligence>, patience: number): Promise<T | undefined> {
    if (!this.connect()) {
      return Promise.resolve(undefined);
    }
    const id = this.next++;
    return new Promise(resolve => {
      const timer = setTimeout(() => finish(undefined), patience);
      const finish = (result: unknown): void => {
        clearTimeout(timer);
        this.waiting.delete(id);
        resolve(result as T | undefined);
      };
      this.waiting.set(id, finish);
      this.port!.post({ ...question, id } as ToIntelligence);
    });
  }

  private connect(): boolean {
    if (this.port || this.failed) {
      return !this.failed;
    }
    try {
      this.port = this.start();
    } catch {
      // Without it there are still the values themselves to complete and inspect.
      this.failed = true;
      return false;
    }
    this.port.listen(({ id, result }) => this.waiting.get(id)?.(result));
    this.port.onFailure?.(() => {
      this.failed = true;
      this.waiting.forEach(finish => finish(undefined));
    });
    this.port.post({ method: 'declare', lines: this.declared });
    this.committed.forEach(code => this.port!.post({ method: 'commit', code }));
    return true;
  }
}
