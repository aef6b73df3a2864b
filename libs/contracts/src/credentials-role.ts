/**
 * The system role under which secrets-manager keeps passwords of accounts in vault (docs/adr/0032-rotation.md). Its own
 * machine identity has it, and whoever else an administrator gives it to.
 */
export const CREDENTIALS_ROLE = {
  id: '5f0c1d1e-6a7b-4c55-9d0e-2b7a54c0ffd1',
  name: 'strongroom-credentials',
} as const;
