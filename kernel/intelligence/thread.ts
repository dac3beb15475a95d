/** The language service on a thread of its own: it answers while a cell computes. */
import type * as TypeScript from 'typescript';
import { IntelligenceService } from './service';

/** What the kernel asks. Messages without `id` have no answer. */
export type ToIntelligence =
  | { method: 'complete' | 'help'; id: number; code: string; offset: number }
  | { method: 'check'; id: number; code: string }
  | { method: 'commit'; code: string }
  | { method: 'declare'; lines: string[] };

export interface FromIntelligence {
  id: number;
  result: unknown;
}

export interface Port<Out, In> {
  post(message: Out): void;
  listen(receive: (message: In) => void): void;
  /** Calls back when the thread cannot run. */
  onFailure?(call: () => void): void;
}

/** The compiler and the declarations it needs. */
export type Load = () => Promise<{ ts: typeof TypeScript; files: { readonly [name: string]: string } }>;

/** Answers until the thread ends. A question that fails is answered by undefined. */
export function serve(port: Port<FromIntelligence, ToIntelligence>, load: Load): void {
  const service = load().then(({ ts, files }) => new IntelligenceService(ts, files));
  service.catch(() => undefined);
  port.listen(message => {
    void answer(service, message).then(
      result => 'id' in message && port.post({ id: message.id, result }),
      () => 'id' in message && port.post({ id: message.id, result: undefined })
    );
  });
}

async function answer(loading: Promise<IntelligenceService>, message: ToIntelligence): Promise<unknown> {
  const service = await loading;
  switch (message.method) {
    case 'complete':
      return service.complete(message.code, message.offset);
    case 'help':
      return service.help(message.code, message.offset);
    case 'check':
      return service.check(message.code);
    case 'commit':
      return service.commit(message.code);
    case 'declare':
      return service.declare(message.lines);
  }
}
