/** What was read of the node, and for how long it holds. */
import { QueryClient } from "@tanstack/react-query";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // The page says what failed, and asks again itself: by polling, and when the node is back.
      retry: false,
      staleTime: 1_000,
      networkMode: "always",
      // Messages hold byte strings, which are compared by identity anyway.
      structuralSharing: false,
    },
    mutations: { retry: false, networkMode: "always" },
  },
});
