System.Console.WriteLine("tessera");
