console.log("\\ quotes \" and 你好");
