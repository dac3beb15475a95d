/** onnxruntime-web from the realm outside jest's; jest.config.mjs puts it in the package's place. */
module.exports = globalThis.requireOnnxRuntimeWeb();
