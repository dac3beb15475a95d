/** One jest run over tests/; sources are transformed by swc (types are checked by `tsc -b`). */
const swc = [
  '@swc/jest',
  {
    jsc: { parser: { syntax: 'typescript', tsx: true, decorators: true }, target: 'es2022' },
    module: { type: 'commonjs' },
    sourceMaps: 'inline'
  }
];

export default {
  testEnvironment: '<rootDir>/tests/environment.cjs',
  testRegex: 'tests/.*\\.test\\.tsx?$',
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/tests/(ui|notebooks)/'], // in a browser: tests/ui/jest.config.mjs
  transform: { '\\.(t|j|mj)sx?$': swc },
  // Published as ESM only; everything else in node_modules is loaded as it is.
  transformIgnorePatterns: [
    '/node_modules/(?!(@huggingface|@jupyterlab|@jupyterlite|@lumino|@jupyter|lib0|y-protocols|ml-[a-z-]+|is-any-array|vscode-ws-jsonrpc|@fontawesome)/)'
  ],
  moduleNameMapper: { '^onnxruntime-web$': '<rootDir>/tests/onnxruntime-web.cjs' },
  moduleFileExtensions: ['ts', 'tsx', 'mts', 'js', 'mjs', 'cjs', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/lib/', '<rootDir>/jupyterlab_loupe/', '<rootDir>/.venv/'],
  testTimeout: 120000
};
