// Command haigo is the whole of Haigo in one program: server, worker, demonstration and command line.
//
// Each command is a struct with a Run method in the file of its noun; app.go joins store, trainers, engine, pages and
// loops. Start with [run], then demo.go for the main job from end to end.
package main
