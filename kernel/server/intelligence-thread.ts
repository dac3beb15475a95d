/** Entry of the server kernel's thread for types. */
import { readFile } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import { serve } from '../intelligence/thread';

serve(
  {
    post: message => parentPort!.postMessage(message),
    listen: receive => void parentPort!.on('message', receive)
  },
  async () => {
    const [{ default: ts }, text] = await Promise.all([
      import('typescript'),
      readFile(new URL('./types.json', import.meta.url), 'utf8')
    ]);
    return { ts, files: JSON.parse(text) as { [name: string]: string } };
  }
);
