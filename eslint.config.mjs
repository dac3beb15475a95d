import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'lib/**',
      'node_modules/**',
      '.venv/**',
      '_output/**',
      'docs/_build/**',
      'jupyterlab_loupe/**',
      'tests/.output/**',
      'tests/**/fixtures/**',
      '**/*.cjs'
    ]
  },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      curly: ['error', 'all'],
      'no-console': 'off',
      'no-undef': 'off', // the compiler knows better
      'no-restricted-syntax': ['error', { selector: 'TSEnumDeclaration', message: 'Use a union of strings.' }],
      'prefer-const': ['error', { destructuring: 'all' }],
      '@typescript-eslint/no-namespace': 'off', // JupyterLab's IOptions convention
      'no-control-regex': 'off', // tokenizers and terminals are about control characters
      'no-misleading-character-class': 'off', // and about combining ones
      'no-regex-spaces': 'off',
      '@typescript-eslint/no-unsafe-declaration-merging': 'off', // how a callable object gets its type
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }
      ],
      '@typescript-eslint/no-unused-expressions': ['error', { allowShortCircuit: true, allowTernary: true }],
      '@typescript-eslint/no-explicit-any': 'warn' // constructors that are extended need it
    }
  },
  {
    // Tests reach into JupyterLab's objects, and into shapes that are wrong on purpose.
    files: ['tests/**'],
    rules: { '@typescript-eslint/no-explicit-any': 'off', '@typescript-eslint/no-implied-eval': 'off' }
  }
);
