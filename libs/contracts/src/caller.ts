/** Who makes a request, as the access token says it. */
export interface Caller {
  /** Subject: the id of an API client or of a service. */
  readonly id: string;
  readonly kind: 'api-client' | 'service';
  /** For people who read the audit trail; never used to decide anything. */
  readonly name: string;
  readonly sessionId: string;
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<string>;
}

/** The request that an act belongs to. */
export interface RequestInfo {
  readonly id: string;
  readonly remoteAddress: string;
}
