export interface ApiClient {
  readonly id: string;
  /** For dialects with integer ids; given by the database. */
  readonly number: number;
  readonly name: string;
  readonly sealedSecret: Buffer;
  /** In the order given; names are filled in on reading. */
  readonly roles: readonly { readonly id: string; readonly name: string }[];
  /** Of all its roles together, filled in on reading. */
  readonly permissions: readonly string[];
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}

export type NewApiClient = Omit<ApiClient, 'permissions' | 'number'>;
