import type { StoredRequest } from './stored-request.ts';

/** Where a handset keeps its outstanding requests. `put` returns when the request would survive a loss of power. */
export interface RequestStore {
  load(): readonly StoredRequest[];
  /** Throws the medium's error; the request must then not be sent. */
  put(request: StoredRequest): void;
  remove(requestId: string): void;
}

/** A store that lives as long as the process. */
export const memoryRequestStore = (): RequestStore => {
  const requests = new Map<string, StoredRequest>();
  return {
    load: () => [...requests.values()],
    put: (request) => void requests.set(request.requestId, request),
    remove: (requestId) => void requests.delete(requestId),
  };
};
