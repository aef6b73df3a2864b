import { Agent, setGlobalDispatcher } from 'undici';

/** From now on this process' calls over TLS trust servers of this authority (PEM text) and of no other. */
export const trustOnly = (authority: string): void =>
  setGlobalDispatcher(new Agent({ connect: { ca: authority } }));
