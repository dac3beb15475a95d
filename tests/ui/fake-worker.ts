import type { Page } from 'playwright-core';

/** A kernel worker of a few lines that speaks the protocol and evaluates JavaScript, to test the page side alone. */
export const FAKE_WORKER = `
let stop, answer;
const out = (parent, msg_type, content) => postMessage({ type: 'output', parent, output: { msg_type, content } });
globalThis.input = prompt => new Promise(resolve => { answer = resolve; postMessage({ type: 'input_request', parent: current, content: { prompt, password: false } }); });
globalThis.sleep = ms => new Promise((resolve, reject) => { stop = reject; setTimeout(resolve, ms); });
let current;
onmessage = async ({ data }) => {
  if (data.type === 'start') {
    globalThis.options = data.options;
    navigator.locks.request(data.options.lifeLock, () => {
      postMessage({ type: 'ready' });
      return new Promise(() => {});
    });
  } else if (data.type === 'interrupt') stop?.(new DOMException('interrupted', 'KeyboardInterrupt'));
  else if (data.type === 'input_reply') answer?.(data.value);
  else if (data.type === 'execute_request') {
    const { id, parent, content } = data;
    current = parent;
    try {
      const value = await eval(content.code);
      if (value !== undefined) out(parent, 'execute_result', { data: { 'text/plain': String(value) }, metadata: {}, execution_count: content.execution_count });
      postMessage({ type: 'reply', id, content: { status: 'ok', execution_count: content.execution_count, user_expressions: {}, payload: [] } });
    } catch (e) {
      const error = { ename: e.name, evalue: e.message, traceback: [String(e)] };
      out(parent, 'error', error);
      postMessage({ type: 'reply', id, content: { status: 'error', ...error } });
    }
  } else if (data.id) postMessage({ type: 'reply', id: data.id, content: { status: 'ok', comms: {}, matches: [], cursor_start: 0, cursor_end: 0, metadata: {}, found: false, data: {} } });
};
`;

/** Serves another script in place of the kernel's worker. */
export async function replaceWorker(page: Page, script: string | null): Promise<void> {
  await page.route('**/static/kernel/worker.js', route =>
    script === null
      ? route.fulfill({ status: 404, body: 'not found' })
      : route.fulfill({ status: 200, contentType: 'text/javascript', body: script })
  );
}
