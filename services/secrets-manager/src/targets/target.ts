import type { HostKey } from './host-key.ts';
import type { Reason } from './target-error.ts';

/** Where accounts live. */
export interface Place {
  /** Name or address. */
  readonly host: string;
  readonly port: number;
}

/**
 * `off`: passwords and data cross the network readable. `unchecked`: TLS with whoever answers. Otherwise these
 * authorities (PEM), or the public ones.
 */
export type Trust = 'off' | 'unchecked' | { readonly ca?: string };

/** An account in a directory. It is the filter that says which. */
export interface DirectoryDescription extends Place {
  readonly kind: 'directory';
  readonly protocol: 'ldaps' | 'starttls' | 'ldap';
  readonly trust: Trust;
  readonly baseDn: string;
  /** Who looks accounts up, and changes the passwords of others; absent: nobody in particular. */
  readonly signIn?: { readonly name: string; readonly password: string };
  /** As people write filters (RFC 4515). */
  readonly filter: string;
}

export type TargetDescription =
  | DirectoryDescription
  | (Place & { readonly kind: 'ssh'; readonly hostKeys: readonly HostKey[] })
  | (Place & { readonly kind: 'postgresql'; readonly tls: Trust; readonly database?: string })
  | (Place & { readonly kind: 'mysql'; readonly tls: Trust })
  | (Place & { readonly kind: 'winrm' })
  /** It is known before any attempt that there will be none. */
  | { readonly kind: 'refused'; readonly reason: Reason };

export type Credential =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'key'; readonly privateKey: string; readonly passphrase?: string };

/** Who changes the password: the account itself, or another that may. */
export type Authority =
  | { readonly kind: 'self'; readonly currentPassword: string }
  | { readonly kind: 'main'; readonly account: string; readonly credential: Credential };

export interface PasswordChange {
  /** On MySQL `name@host`; without a host it is `%`. */
  readonly account: string;
  readonly by: Authority;
  readonly newPassword: string;
  /**
   * On hosts with a shell: the compiled script. It reads the new password as the first line of standard input, and,
   * run by the account itself, its current one as the second. Without one, the account itself runs `passwd`.
   */
  readonly script?: string | undefined;
}

/** Bounds of one attempt, from the look-up of the name to the last answer. */
export interface Limits {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Both reject with a TargetError. Each call has a connection of its own, which is closed when it settles. */
export interface Target {
  /** Resolves when the target said that it was done; that it was is for `proves` to tell. */
  setPassword: (change: PasswordChange, limits: Limits) => Promise<void>;
  /** Signs in anew. `refused` is the target's own answer to this password, and never its silence. */
  proves: (account: string, password: string, limits: Limits) => Promise<Proof>;
}

export type Proof = 'opens' | 'refused';
