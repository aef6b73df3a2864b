/** Who makes a request, as the access token says it. */
export interface Caller {
  /** Subject: the id of a user, of an API client or of a service. */
  readonly id: string;
  readonly kind: CallerKind;
  /** For people who read the audit trail; never used to decide anything. */
  readonly name: string;
  readonly sessionId: string;
  /** The OAuth client through which the token was asked for, e.g. `privx-ui`. */
  readonly clientId: string;
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<string>;
  /** When the caller proved who it is (seconds since 1970), and how (RFC 8176): `pwd`, `otp`, `hwk`, … */
  readonly authTime: number;
  readonly authMethods: readonly string[];
}

export const CALLER_KINDS = ['user', 'api-client', 'service'] as const;
export type CallerKind = (typeof CALLER_KINDS)[number];

/** The request that an act belongs to. */
export interface RequestInfo {
  readonly id: string;
  readonly remoteAddress: string;
  /** At most 256 characters; empty when the client sent none. */
  readonly userAgent: string;
}
