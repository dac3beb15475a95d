/** The connection file a Jupyter client writes for the kernel it starts. */
import { readFileSync } from 'node:fs';

export interface ConnectionInfo {
  readonly transport: 'tcp' | 'ipc';
  readonly ip: string;
  readonly shell_port: number;
  readonly iopub_port: number;
  readonly stdin_port: number;
  readonly control_port: number;
  readonly hb_port: number;
  /** Key of the signatures; messages are not signed if it is empty. */
  readonly key: string;
  readonly signature_scheme: string;
}

const ports = ['shell_port', 'iopub_port', 'stdin_port', 'control_port', 'hb_port'] as const;

/**
 * Reads a connection file.
 *
 * @throws {Error} If the file cannot be read.
 * @throws {SyntaxError} If it is not JSON.
 * @throws {TypeError} If a field is missing or wrong.
 * @see {@link https://jupyter-client.readthedocs.io/en/stable/kernels.html#connection-files}
 */
export function readConnectionFile(path: string): ConnectionInfo {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`Cannot start the kernel as the connection file must be readable: ${(error as Error).message}`);
  }
  return parseConnection(text, path);
}

/** The same from its text. */
export function parseConnection(text: string, name: string): ConnectionInfo {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new SyntaxError(`Cannot start the kernel as ${name} must be JSON: ${(error as Error).message}`);
  }
  for (const port of ports) {
    if (!Number.isInteger(fields[port])) {
      throw new TypeError(
        `Cannot start the kernel as ${name} must give ${port} as a number: current value is ${String(fields[port])}`
      );
    }
  }
  const { transport = 'tcp', ip = '127.0.0.1', key = '', signature_scheme = 'hmac-sha256' } = fields;
  if (transport !== 'tcp' && transport !== 'ipc') {
    throw new TypeError(
      `Cannot start the kernel as its transport must be tcp or ipc: current value is ${String(transport)}`
    );
  }
  if (!/^hmac-\w+$/.test(String(signature_scheme))) {
    throw new TypeError(
      `Cannot start the kernel as its signature_scheme must be hmac-…: current value is ${String(signature_scheme)}`
    );
  }
  return {
    ...(fields as unknown as ConnectionInfo),
    transport,
    ip: String(ip),
    key: String(key),
    signature_scheme: String(signature_scheme)
  };
}

/** ZeroMQ address of a port. */
export function address({ transport, ip }: ConnectionInfo, port: number): string {
  return transport === 'ipc' ? `ipc://${ip}-${port}` : `tcp://${ip.includes(':') ? `[${ip}]` : ip}:${port}`;
}
