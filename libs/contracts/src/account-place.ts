/** Where an account is: on a host, or in a target domain. */
export type AccountPlace = { readonly hostId: string } | { readonly targetDomainId: string };
