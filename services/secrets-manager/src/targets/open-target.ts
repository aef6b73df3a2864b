import { ldapTarget } from './ldap-target.ts';
import { mysqlTarget } from './mysql-target.ts';
import type { Network } from './open-socket.ts';
import { postgresqlTarget } from './postgresql-target.ts';
import { sshTarget } from './ssh-target.ts';
import { TargetError, type Reason } from './target-error.ts';
import type { Target, TargetDescription } from './target.ts';

/** Connects to nothing yet. */
export function openTarget(description: TargetDescription, network: Network): Target {
  switch (description.kind) {
    case 'ssh':
      return sshTarget(description, network);
    case 'postgresql':
      return postgresqlTarget(description, network);
    case 'mysql':
      return mysqlTarget(description, network);
    case 'directory':
      return ldapTarget(description, network);
    case 'winrm':
      return refusal('unsupported');
    case 'refused':
      return refusal(description.reason);
  }
}

function refusal(reason: Reason): Target {
  const refuse = () => Promise.reject(new TargetError(reason));
  return { setPassword: refuse, proves: refuse };
}
