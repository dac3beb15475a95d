import { LiteKernelClient } from '@jupyterlite/services';
import { WebSocket as LocalWebSocket } from 'mock-socket';

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
    return new LocalWebSocket(LiteKernelClient.WS_BASE_URL + path, protocols) as unknown as WebSocket;
  };
  const { CONNECTING, OPEN, CLOSING, CLOSED } = remote;
  return Object.assign(routed, { CONNECTING, OPEN, CLOSING, CLOSED }) as unknown as typeof WebSocket;
}
