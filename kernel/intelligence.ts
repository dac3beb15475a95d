/** Entry of the browser's thread for types: started by the kernel's worker at the first question. */
import { serve } from './intelligence/thread';

declare const self: DedicatedWorkerGlobalScope;

serve(
  {
    post: message => self.postMessage(message),
    listen: receive => {
      self.onmessage = ({ data }) => receive(data);
    }
  },
  async () => {
    const [{ default: ts }, response] = await Promise.all([
      import('typescript'),
      fetch(new URL('types.json', self.location.href))
    ]);
    return { ts, files: (await response.json()) as { [name: string]: string } };
  }
);
