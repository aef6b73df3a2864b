import type { Subject } from './subject.ts';

/** One sign-in. Its access tokens carry its id; its refresh tokens are one family. */
export interface Session {
  readonly id: string;
  readonly subject: Subject;
  /** The directory that a person comes from; null for API clients. */
  readonly sourceId: string | null;
  /** The OAuth client, e.g. `privx-ui`. */
  readonly clientId: string;
  readonly username: string;
  readonly remoteAddress: string;
  readonly userAgent: string;
  /** Space-separated (RFC 6749, 3.3). */
  readonly scope: string;
  readonly authTime: Date;
  /** RFC 8176: `pwd`, `otp`, `hwk`, … */
  readonly authMethods: readonly string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly expiresAt: Date;
  /** When its newest access token expires. */
  readonly tokenExpiresAt: Date;
  readonly endedAt: Date | null;
}
