import type { KernelMessage } from '@jupyterlab/services';
import { deserialize } from '@jupyterlab/services/lib/kernel/serialize';
import { LiteKernelClient } from '@jupyterlite/services';
import { WebSocket as LocalWebSocket } from 'mock-socket';
import { runningKernels } from '../running';

/** Requests that need not wait for the running cell. */
const ASIDE: ReadonlySet<string> = new Set([
  'complete_request',
  'inspect_request',
  'is_complete_request',
  'comm_info_request',
  'comm_open',
  'comm_msg',
  'comm_close'
]);

/**
 * Makes a WebSocket constructor that reaches in-browser kernels through mock-socket, where `LiteKernelClient` listens,
 * and everything else through the network.
 *
 * @param isLocal Whether a kernel id is one of the page's own.
 * @param remote The constructor for server kernels.
 */
export function routedWebSocket(isLocal: (kernelId: string) => boolean, remote: typeof WebSocket): typeof WebSocket {
  const routed = function (url: string | URL, protocols?: string | string[]): WebSocket {
    const id = decodeURIComponent(/\/api\/kernels\/([^/?]+)\/channels/.exec(String(url))?.[1] ?? '');
    if (!id || !isLocal(id)) {
      return new remote(url, protocols);
    }
    // The listener's address follows the page's base URL, whatever address WebSockets were configured to use.
    const path = `api/kernels/${encodeURIComponent(id)}/channels${new URL(url).search}`;
    return new KernelSocket(id, LiteKernelClient.WS_BASE_URL + path, protocols) as unknown as WebSocket;
  };
  const { CONNECTING, OPEN, CLOSING, CLOSED } = remote;
  return Object.assign(routed, { CONNECTING, OPEN, CLOSING, CLOSED }) as unknown as typeof WebSocket;
}

/**
 * A socket to a kernel of the page. `LiteKernelClient` lets every message wait for the running cell; completion, hints
 * and widgets are handed to the kernel directly while one runs.
 */
class KernelSocket extends LocalWebSocket {
  constructor(
    private _kernelId: string,
    url: string,
    protocols?: string | string[]
  ) {
    super(url, protocols);
  }

  override send(data: Parameters<LocalWebSocket['send']>[0]): void {
    const kernel = runningKernels.get(this._kernelId);
    if (kernel?.isExecuting && data instanceof ArrayBuffer) {
      const message = deserialize(data, this.protocol) as KernelMessage.IMessage;
      if (ASIDE.has(message.header.msg_type)) {
        void kernel.handleAside(message);
        return;
      }
    }
    super.send(data);
  }
}
