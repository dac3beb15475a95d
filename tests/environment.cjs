/**
 * Node's environment with the outer realm's typed arrays: native add-ons (onnxruntime-node) compare constructors, and
 * jest otherwise gives every test file its own.
 */
const { TestEnvironment } = require('jest-environment-node');

const shared = [
  'ArrayBuffer',
  'SharedArrayBuffer',
  'DataView',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Uint16Array',
  'Uint32Array',
  'Float16Array'
];

module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    for (const name of shared) {
      if (globalThis[name]) {
        this.global[name] = globalThis[name];
      }
    }
    // Its glue code calls import(), which jest's own realm refuses; see onnxruntime-web.cjs.
    this.global.requireOnnxRuntimeWeb = () => require('onnxruntime-web');
  }
};
