/** The one client of the page. Calls go to where the page came from. */
import { httpClient } from "@lattice/http-client";

export const lattice = httpClient();
