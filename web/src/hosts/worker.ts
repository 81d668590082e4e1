import { work } from "./work";

/* What works for a widget, which has no script element to start again as a worker: built first, and carried as text. */
work();
