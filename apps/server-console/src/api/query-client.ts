import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { Refused } from './client.ts'

/** A session that ended shows the way back in, whatever asked. */
const lookAgain = (error: unknown): void => {
  if (error instanceof Refused && error.failure.code === 'ACCESS-REFUSED')
    void queryClient.invalidateQueries({ queryKey: ['session'] })
}

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: lookAgain }),
  mutationCache: new MutationCache({ onError: lookAgain }),
  defaultOptions: {
    queries: {
      staleTime: 5000,
      retry: (times, error) => times < 2 && error instanceof Refused && error.status === 0,
    },
    // What was decrypted, and what is shown once, is not kept.
    mutations: { gcTime: 0 },
  },
})
