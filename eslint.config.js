import tseslint from 'typescript-eslint';

/** Packages whose whole purpose is one third-party library: the library is imported there and nowhere else. */
const noShell = {
  selector: "CallExpression[callee.name=/^(exec|execSync)$/], Property[key.name='shell'][value.value!=false]",
  message: 'No shell anywhere: use spawn or execFile with an argument list.',
};
const noPlainCompare = {
  selector:
    "BinaryExpression[operator=/^[!=]==?$/]:matches([left.name=/(secret|password|token|mac|digest)$/i][right.type!='Literal'][right.name!='undefined'])",
  message: 'Compare secrets with constantTimeEqual.',
};

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'var/**', '**/*.js', '**/*.cjs', '**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/method-signature-style': ['error', 'property'],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // winston declares its transports in two packages, which the rule takes for two classes.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-restricted-syntax': ['error', noShell, noPlainCompare],
      'no-console': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.test.ts', '**/test/**', 'libs/testing/**'],
    rules: {
      '@typescript-eslint/method-signature-style': ['error', 'property'],
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-syntax': ['error', noShell],
    },
  },
);
