// The least that a .NET program can do; the start of the tool is compared with it.
Console.WriteLine("hello, world");
