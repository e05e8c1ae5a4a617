export { httpClient, type HttpClientOptions } from "./http-client.ts";
