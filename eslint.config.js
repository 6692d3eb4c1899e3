import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

// All TypeScript with its types; then what ships (src, plugins), then what tests it.
export default defineConfig(
  { ignores: ['dist/', '.cache/', 'coverage/', 'test/fixtures/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Leaving a function and saying why is one step.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Wrong about what changes meanwhile: a flag set in a callback, `signal.aborted` after an await.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Bit sets and codes from the wire are numbers.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // An async function without await turns what it throws into a rejection: wanted where an interface promises.
      '@typescript-eslint/require-await': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-param-reassign': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['src/**/*.ts', 'plugins/**/*.ts'],
    rules: {
      complexity: ['error', 16],
      'max-depth': ['error', 4],
      'max-lines': ['error', { max: 300 }],
      'max-params': ['error', 4],
      'no-restricted-globals': [
        'error',
        {
          name: 'process',
          message: 'Only src/cli/main.ts knows the process; take what you need as an argument.',
        },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Take a Clock as an argument.' },
      ],
    },
  },
  { files: ['src/runtime/clock.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['src/cli/main.ts', 'src/worker/main.ts', 'src/master/main.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Tests hand wrong things in on purpose, and know what a fixture holds.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
