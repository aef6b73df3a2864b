export interface ApiClient {
  readonly id: string;
  readonly name: string;
  readonly sealedSecret: Buffer;
  /** In the order given; names are filled in on reading. */
  readonly roles: readonly { readonly id: string; readonly name: string }[];
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}
