// Package schedules holds the sweep files that the editor offers as a start; each shows one idea.
//
// They are text and nothing else: ablation reads them, and no code of a service is imported here. The first two lines of
// a file are its title, in English and in Japanese; its question is in both, too.
// Start with [List].
package schedules
